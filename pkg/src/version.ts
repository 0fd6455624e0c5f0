/** The version of this package: tabs that were opened before an update share nothing with those opened after it. */
export const VERSION = "0.1.0";
