-- As of when the certificate that signed in was known to be good: the same sign-in answers the same.
ALTER TABLE visits ADD COLUMN certificate_good_as_of_ms BIGINT;
