"""The issuing centre: who may speak, whose card it is, which city is asked, how an order ends."""
