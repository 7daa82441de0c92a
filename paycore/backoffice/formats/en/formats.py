"""Times are sortable, exact to the second, and say that they are UTC."""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s e"
DATETIME_FORMAT = "Y-m-d H:i:s e"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "F j"
