/** How a model is adapted, what adapters there are, and how frozen weights are held. */
package io.adapt4j.core.method;
