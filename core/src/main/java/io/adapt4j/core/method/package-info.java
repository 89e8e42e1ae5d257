/** How a model is adapted, what adapters there are, and how frozen weights are held. */
@NullMarked
package io.adapt4j.core.method;

import org.jspecify.annotations.NullMarked;
