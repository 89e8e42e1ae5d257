/**
 * Text generators: models in this process, servers, functions. Answers can be cached on disk, so
 * that none is computed or paid for twice.
 */
@NullMarked
package io.adapt4j.core.text;

import org.jspecify.annotations.NullMarked;
