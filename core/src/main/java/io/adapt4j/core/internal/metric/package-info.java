/** How well predictions agree with the truth. */
package io.adapt4j.core.internal.metric;
