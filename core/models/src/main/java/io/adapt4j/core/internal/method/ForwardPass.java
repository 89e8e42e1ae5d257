package io.adapt4j.core.internal.method;

import java.util.Optional;

/**
 * A forward pass over one training batch, without gradients.
 *
 * @param targets whether each token of the batch is a target, [rows, length]; empty if the task has
 *     no targets among its tokens
 */
public record ForwardPass(Runnable run, Optional<boolean[]> targets) {}
