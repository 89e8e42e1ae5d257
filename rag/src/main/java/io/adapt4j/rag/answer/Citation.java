package io.adapt4j.rag.answer;

import io.adapt4j.rag.document.Span;

/**
 * A source that an answer names.
 *
 * @param number the number it has in the answer's text, from 1
 * @param documentId the document's id
 * @param title the document's title; may be empty
 * @param span where the source stands in the document
 * @param text the characters of {@code span}
 * @param score how well the passage fitted the question, comparable within one answer only
 * @param verified whether the document stood in the index with these characters at this place when
 *     the answer was ready; false if it has been changed or deleted meanwhile
 */
public record Citation(
    int number,
    String documentId,
    String title,
    Span span,
    String text,
    double score,
    boolean verified) {}
