"""The embedded stack: real servers, installed as Python wheels, started without root, Docker or a package manager."""
