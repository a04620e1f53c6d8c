"""`interlock recover` tells how everything that is not finished stands, and has it go on."""
