/** Early warnings: rules that notice when the metrics of a run look wrong. */
@NullMarked
package io.adapt4j.core.internal.monitor;

import org.jspecify.annotations.NullMarked;
