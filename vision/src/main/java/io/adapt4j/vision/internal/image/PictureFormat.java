package io.adapt4j.vision.internal.image;

import java.io.IOException;

/** One file format: recognizes its first bytes, checks stated sizes, decodes. */
interface PictureFormat {

  /** Returns the name for messages. */
  String name();

  /** Returns whether bytes begin as files of this format do. */
  boolean begins(byte[] bytes);

  /** Checks the limits before memory is taken, and decodes. */
  Pixels decode(byte[] bytes, Limits limits) throws IOException;
}
