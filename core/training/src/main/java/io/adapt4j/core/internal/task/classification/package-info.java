/** Classification of texts and words, and regression of texts. */
package io.adapt4j.core.internal.task.classification;
