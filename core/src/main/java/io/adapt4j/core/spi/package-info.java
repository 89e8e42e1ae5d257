/** What authors of fine-tuning methods implement. */
@NullMarked
package io.adapt4j.core.spi;

import org.jspecify.annotations.NullMarked;
