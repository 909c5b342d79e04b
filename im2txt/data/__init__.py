"""Records on disk and the `tf.data` input pipeline that turns them into batches."""
