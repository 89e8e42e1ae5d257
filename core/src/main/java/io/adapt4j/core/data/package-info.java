/** Training data: examples read on demand, turned into token ids and labels, and batched. */
package io.adapt4j.core.data;
