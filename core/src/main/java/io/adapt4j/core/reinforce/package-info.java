/**
 * Reinforcement learning from rewards: rollouts, advantages, clipped policy objectives, reward
 * models.
 */
@NullMarked
package io.adapt4j.core.reinforce;

import org.jspecify.annotations.NullMarked;
