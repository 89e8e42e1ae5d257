package io.adapt4j.rag;

/**
 * A picture, or the picture of a page, that a search has found.
 *
 * @param file the file's id: its path below the folder that was added, with forward slashes
 * @param page number of the page, from 1; 1 for a file of one picture
 * @param score cosine of the vectors, from -1 to 1; higher is better, comparable within one model
 */
public record PictureHit(String file, int page, double score) {}
