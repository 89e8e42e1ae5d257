/** Reads and writes model weights: safetensors files, single or sharded, and checkpoint folders. */
package io.adapt4j.core.internal.checkpoint;
