/** Processor, graphics card and memory of the machine, and settings of its threads. */
package io.adapt4j.core.internal.tensor.host;
