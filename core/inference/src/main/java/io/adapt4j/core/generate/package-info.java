/** Text generation: sampling, stop conditions and results. */
@NullMarked
package io.adapt4j.core.generate;

import org.jspecify.annotations.NullMarked;
