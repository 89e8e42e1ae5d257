/** Classifying texts and their words, and giving texts a number. */
package io.adapt4j.core.internal.task.classification;
