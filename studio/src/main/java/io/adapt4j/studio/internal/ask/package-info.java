/** Questions to services: blind comparisons, and answers from documents. */
@NullMarked
package io.adapt4j.studio.internal.ask;

import org.jspecify.annotations.NullMarked;
