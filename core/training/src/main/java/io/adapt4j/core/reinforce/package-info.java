/** Reinforcement learning: rollouts, advantages, clipped policy objectives, reward functions. */
@NullMarked
package io.adapt4j.core.reinforce;

import org.jspecify.annotations.NullMarked;
