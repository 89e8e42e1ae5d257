/** The options of a run, checked and complete, and how they are written down. */
package io.adapt4j.core.internal.recipe;
