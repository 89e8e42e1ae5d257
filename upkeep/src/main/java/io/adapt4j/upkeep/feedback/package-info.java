/**
 * Feedback on answers, its storage with consent and retention, and the training rows made of it.
 */
@NullMarked
package io.adapt4j.upkeep.feedback;

import org.jspecify.annotations.NullMarked;
