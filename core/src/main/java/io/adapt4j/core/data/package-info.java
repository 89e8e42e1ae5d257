/** Training data: examples read on demand, turned into token ids and labels, and batched. */
@NullMarked
package io.adapt4j.core.data;

import org.jspecify.annotations.NullMarked;
