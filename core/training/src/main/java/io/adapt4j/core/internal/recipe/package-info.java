/** The checked options of a run, and their YAML description. */
package io.adapt4j.core.internal.recipe;
