/**
 * Pictures and prompts in the form that each model family takes, as its Transformers processor
 * does.
 */
@NullMarked
package io.adapt4j.vision.internal.processor;

import org.jspecify.annotations.NullMarked;
