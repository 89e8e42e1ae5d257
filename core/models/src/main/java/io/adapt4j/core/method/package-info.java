/** Fine-tuning methods, adapters, and memory formats of frozen weights. */
@NullMarked
package io.adapt4j.core.method;

import org.jspecify.annotations.NullMarked;
