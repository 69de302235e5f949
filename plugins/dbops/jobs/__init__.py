"""Floor 2: use cases. Gateways go in, a Report comes out; one public function a file."""
