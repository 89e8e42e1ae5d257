package io.adapt4j.rag.document;

/**
 * A file, or folder, that gave no document, or a page of one that could not be read.
 *
 * @param id the id of its document
 * @param reason the reason, with the values found
 * @param remedy the remedy
 */
public record FileProblem(String id, String reason, String remedy) {

  @Override
  public String toString() {
    return id + ": " + reason + ". " + remedy + ".";
  }
}
