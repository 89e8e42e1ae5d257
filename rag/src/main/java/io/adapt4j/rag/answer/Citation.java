package io.adapt4j.rag.answer;

import io.adapt4j.rag.document.Span;

/**
 * A source cited by an answer.
 *
 * @param number its number in the answer's text, from 1
 * @param documentId the document's id
 * @param title the document's title; may be empty
 * @param span position of the source in the document
 * @param text the characters of {@code span}
 * @param score relevance of the passage to the question, comparable within one answer only
 * @param verified whether the indexed document still had these characters at this position when the
 *     answer was ready; false if it was changed or deleted meanwhile
 */
public record Citation(
    int number,
    String documentId,
    String title,
    Span span,
    String text,
    double score,
    boolean verified) {}
