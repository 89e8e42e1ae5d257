/** Recording of answers and of feedback on them, by the application. */
@NullMarked
package io.adapt4j.serve.feedback;

import org.jspecify.annotations.NullMarked;
