package io.adapt4j.verification.fuzz;

import java.util.List;

/**
 * One reader of outside bytes.
 *
 * @param name what it is called in commands and in folders of kept inputs
 * @param seeds valid inputs, from which mutations begin
 * @param reading reads an input; throws what the reader throws
 */
record FuzzTarget(String name, List<byte[]> seeds, Reading reading) {

  /** Reads bytes. */
  interface Reading {

    /** Reads. */
    void read(byte[] bytes) throws Exception;
  }

  /** Reads an input under the contract. */
  void check(byte[] bytes) {
    Contract.keeps(() -> reading.read(bytes));
  }

  @Override
  public String toString() {
    return name;
  }
}
