package io.adapt4j.rag.document;

/**
 * A file, or folder, that gave no document.
 *
 * @param id the id that its document would have
 * @param reason the reason, with the values found
 * @param remedy the remedy
 */
public record FileProblem(String id, String reason, String remedy) {

  @Override
  public String toString() {
    return id + ": " + reason + ". " + remedy + ".";
  }
}
