package io.adapt4j.eval.metric;

/**
 * Perplexity of texts.
 *
 * @param perToken perplexity per token, at least 1; comparable only between models with the same
 *     tokenizer
 * @param perWord perplexity per word ({@code word_perplexity}), at least 1
 * @param perByte perplexity per UTF-8 byte ({@code byte_perplexity}), at least 1
 * @param bitsPerByte bits per UTF-8 byte ({@code bits_per_byte})
 */
public record Perplexity(double perToken, double perWord, double perByte, double bitsPerByte) {}
