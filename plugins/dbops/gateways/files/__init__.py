"""Files below include/, read; what cannot be read is a Fault, and takes nothing else down."""
