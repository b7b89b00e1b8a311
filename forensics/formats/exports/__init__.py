"""What providers and mail servers write beside the mail they export: manifests, lists, labels, flags; pure."""
