package io.adapt4j.eval.metric;

/**
 * How well a model predicts texts.
 *
 * @param perToken the perplexity of a token, from 1 up; compares models of one tokenizer only
 * @param perWord the perplexity of a word ({@code word_perplexity}), from 1 up
 * @param perByte the perplexity of a byte of UTF-8 ({@code byte_perplexity}), from 1 up
 * @param bitsPerByte bits that the model needs for a byte of UTF-8 ({@code bits_per_byte})
 */
public record Perplexity(double perToken, double perWord, double perByte, double bitsPerByte) {}
