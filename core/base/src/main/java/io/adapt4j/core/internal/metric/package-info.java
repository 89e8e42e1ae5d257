/** Metrics of predictions against true labels. */
package io.adapt4j.core.internal.metric;
