/** Exams: models asked the same questions, their answers compared, and answers corrected. */
@NullMarked
package io.adapt4j.studio.internal.exam;

import org.jspecify.annotations.NullMarked;
