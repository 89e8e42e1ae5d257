package io.adapt4j.rag.document;

import io.adapt4j.rag.internal.document.Structure;
import java.util.Map;

/**
 * What a file became.
 *
 * @param text its text
 * @param title its own title; empty if it has none
 * @param structure how the text is built
 * @param fields what it says about itself
 */
record Converted(String text, String title, Structure structure, Map<String, Object> fields) {}
