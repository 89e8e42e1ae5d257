/** Plans: descriptions of runs as YAML and as a form, and what they will take. */
@NullMarked
package io.adapt4j.studio.internal.plan;

import org.jspecify.annotations.NullMarked;
