// Stands where org.bytedeco's bindings look for libcudart.so.12, of which Adapt4J calls nothing: it works with
// the driver alone. So a machine needs no CUDA 12 for them.
int adapt4j_no_cudart(void) { return 0; }
