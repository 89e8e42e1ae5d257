package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.generate.TokenLogprobs;
import java.util.List;

/** A piece of an answer. */
public record Piece(String text, List<TokenLogprobs> tokens) {}
