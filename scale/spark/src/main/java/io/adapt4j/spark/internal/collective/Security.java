package io.adapt4j.spark.internal.collective;

import java.nio.channels.SocketChannel;

/** Protection of the traffic between workers. Peers authenticate by the token in either case. */
public enum Security {
  /** Unencrypted. */
  PLAIN {
    @Override
    Wire secure(SocketChannel channel, byte[] session, boolean connects) {
      return new Wire.Plain(channel);
    }
  },

  /**
   * Encrypted and authenticated with AES-256-GCM. Both ends derive a key per connection and
   * direction from the token of the run, so no certificates are needed.
   */
  ENCRYPTED {
    @Override
    Wire secure(SocketChannel channel, byte[] session, boolean connects) {
      return new EncryptedWire(channel, session, connects);
    }
  };

  /** Secures a connection. */
  abstract Wire secure(SocketChannel channel, byte[] session, boolean connects);
}
