package io.adapt4j.core.task;

/** See {@link Task#nextTokens}. */
public record CausalLmTask() implements Task {}
