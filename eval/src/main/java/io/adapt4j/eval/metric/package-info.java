/**
 * Metrics. Most collect rows one at a time ({@code add}), can be merged with others of their kind
 * ({@code merge}, for parts counted apart), and give their result at any moment. Messages count
 * rows from 1, in the order in which they were added. Collectors are not thread safe.
 */
package io.adapt4j.eval.metric;
