/**
 * Reinforcement learning from rewards: rollouts, advantages, clipped policy objectives, reward
 * models.
 */
package io.adapt4j.core.reinforce;
