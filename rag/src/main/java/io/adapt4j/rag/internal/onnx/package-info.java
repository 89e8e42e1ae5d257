/** Reads the weights of an ONNX file. */
package io.adapt4j.rag.internal.onnx;
