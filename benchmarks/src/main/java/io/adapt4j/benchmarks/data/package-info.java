/** Reading, tokenizing, packing and batching rows. */
package io.adapt4j.benchmarks.data;
